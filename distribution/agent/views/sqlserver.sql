-- 杏林上传程序：SQL Server 视图模板 (templates of the agent's views)
--
-- 怎么用：
-- 1. 只建用得上的视图。把每一行的 CAST(NULL AS …) 换成本院表里的列，把最后一行换成 FROM 本院的表。
-- 2. record_key：这一行的唯一编号，不变、不重复，一般就是主键。必填。
-- 3. changed_at：这一行最后修改的时间，由数据库或 HIS 写入，改一次变一次；多表联接时取最晚的一个。
--    没有修改时间的，删掉这一列：程序改为每天整表核对一次，只发变化的行。
-- 4. 列名不要改；用不上的列整行删掉。（必填）的列不能删；（几选一）的列至少留一个。
-- 5. 建一个只读账号，只给这些视图的查询权限：见文末。

-- 患者 (Patients)
CREATE VIEW xinglin_patient AS
SELECT
  CAST(NULL AS nvarchar(500)) AS record_key,  -- 这一行的唯一编号（必填）
  CAST(NULL AS datetime2) AS changed_at,  -- 最后修改的时间；没有就删掉这一行
  CAST(NULL AS nvarchar(500)) AS [patient],  -- 患者编号（必填） 本院系统里这位患者的号码，各文件必须一致。
  CAST(NULL AS nvarchar(500)) AS [name],  -- 患者姓名（必填） 证件上的姓名。
  CAST(NULL AS nvarchar(500)) AS [gender],  -- 性别 男、女、未说明，或 1、2、9、0。
  CAST(NULL AS datetime2) AS [born],  -- 出生日期 可不填：有身份证号就取号里的。
  CAST(NULL AS nvarchar(500)) AS [identity],  -- 身份证号 18 位；Excel 里要先把这一列设成文本。没有就留空，不要填假号。
  CAST(NULL AS nvarchar(500)) AS [health_record],  -- 健康档案编号
  CAST(NULL AS nvarchar(500)) AS [health_card],  -- 居民健康卡号
  CAST(NULL AS nvarchar(500)) AS [insurance],  -- 医保卡号
  CAST(NULL AS nvarchar(500)) AS [phone],  -- 联系电话 几个号码用“/”分开。
  CAST(NULL AS nvarchar(500)) AS [address],  -- 现住址
  CAST(NULL AS nvarchar(500)) AS [nation],  -- 民族
  CAST(NULL AS nvarchar(500)) AS [marital],  -- 婚姻状况
  CAST(NULL AS nvarchar(500)) AS [contact],  -- 联系人姓名
  CAST(NULL AS nvarchar(500)) AS [contact_relation],  -- 与患者关系
  CAST(NULL AS nvarchar(500)) AS [contact_phone],  -- 联系人电话
  CAST(NULL AS datetime2) AS [died],  -- 死亡日期
  CAST(NULL AS nvarchar(500)) AS [deleted]  -- 删除标志 填“是”表示从平台上删除这条记录。
WHERE 1 = 0;  -- 换成：FROM 本院的表
GO

-- 就诊 (Visits)
CREATE VIEW xinglin_visit AS
SELECT
  CAST(NULL AS nvarchar(500)) AS record_key,  -- 这一行的唯一编号（必填）
  CAST(NULL AS datetime2) AS changed_at,  -- 最后修改的时间；没有就删掉这一行
  CAST(NULL AS nvarchar(500)) AS [visit],  -- 就诊流水号（必填） 每次就诊一个号，别的文件用它指到这次就诊。
  CAST(NULL AS nvarchar(500)) AS [patient],  -- 患者编号（必填） 本院系统里这位患者的号码，各文件必须一致。
  CAST(NULL AS nvarchar(500)) AS [patient_name],  -- 患者姓名 可不填；只用来让人核对。
  CAST(NULL AS nvarchar(500)) AS [class],  -- 就诊类型（必填） 门诊、急诊、住院、留观、日间、家庭病床、互联网；1 门诊 2 急诊 3 住院 4 体检。
  CAST(NULL AS datetime2) AS [started],  -- 就诊日期时间（必填）
  CAST(NULL AS datetime2) AS [ended],  -- 出院日期时间
  CAST(NULL AS nvarchar(500)) AS [department],  -- 就诊科室名称
  CAST(NULL AS nvarchar(500)) AS [department_code],  -- 就诊科室代码
  CAST(NULL AS nvarchar(500)) AS [doctor],  -- 接诊医师
  CAST(NULL AS nvarchar(500)) AS [complaint],  -- 主诉
  CAST(NULL AS nvarchar(500)) AS [bed],  -- 病床号
  CAST(NULL AS nvarchar(500)) AS [disposition],  -- 离院方式
  CAST(NULL AS nvarchar(500)) AS [void],  -- 作废标志 填“是”表示这条记录作废：平台上保留并标明“录入有误”。
  CAST(NULL AS nvarchar(500)) AS [deleted]  -- 删除标志 填“是”表示从平台上删除这条记录。
WHERE 1 = 0;  -- 换成：FROM 本院的表
GO

-- 诊断 (Diagnoses)
CREATE VIEW xinglin_diagnosis AS
SELECT
  CAST(NULL AS nvarchar(500)) AS record_key,  -- 这一行的唯一编号（必填）
  CAST(NULL AS datetime2) AS changed_at,  -- 最后修改的时间；没有就删掉这一行
  CAST(NULL AS nvarchar(500)) AS [patient],  -- 患者编号（必填） 本院系统里这位患者的号码，各文件必须一致。
  CAST(NULL AS nvarchar(500)) AS [patient_name],  -- 患者姓名 可不填；只用来让人核对。
  CAST(NULL AS nvarchar(500)) AS [visit],  -- 就诊流水号（几选一） 与“就诊”文件里的就诊流水号一致。
  CAST(NULL AS nvarchar(500)) AS [record],  -- 诊断编号（几选一） 每行唯一；不填就用“就诊流水号/诊断”。
  CAST(NULL AS nvarchar(500)) AS [code],  -- 疾病诊断编码（几选一） ICD-10（国临版或医保版）或本院编码。
  CAST(NULL AS nvarchar(500)) AS [name],  -- 诊断名称（几选一）
  CAST(NULL AS nvarchar(500)) AS [kind],  -- 诊断类别
  CAST(NULL AS nvarchar(500)) AS [rank],  -- 主要诊断标志
  CAST(NULL AS nvarchar(500)) AS [certainty],  -- 诊断状态 确诊、初步（疑似、待查）、排除；不填算确诊。
  CAST(NULL AS nvarchar(500)) AS [course],  -- 转归情况
  CAST(NULL AS datetime2) AS [recorded],  -- 诊断日期（几选一）
  CAST(NULL AS datetime2) AS [onset],  -- 发病日期
  CAST(NULL AS nvarchar(500)) AS [doctor],  -- 诊断医师
  CAST(NULL AS nvarchar(500)) AS [note],  -- 备注 随记录一起上传。
  CAST(NULL AS nvarchar(500)) AS [void],  -- 作废标志 填“是”表示这条记录作废：平台上保留并标明“录入有误”。
  CAST(NULL AS nvarchar(500)) AS [deleted]  -- 删除标志 填“是”表示从平台上删除这条记录。
WHERE 1 = 0;  -- 换成：FROM 本院的表
GO

-- 医嘱处方 (Orders and prescriptions)
CREATE VIEW xinglin_order AS
SELECT
  CAST(NULL AS nvarchar(500)) AS record_key,  -- 这一行的唯一编号（必填）
  CAST(NULL AS datetime2) AS changed_at,  -- 最后修改的时间；没有就删掉这一行
  CAST(NULL AS nvarchar(500)) AS [patient],  -- 患者编号（必填） 本院系统里这位患者的号码，各文件必须一致。
  CAST(NULL AS nvarchar(500)) AS [patient_name],  -- 患者姓名 可不填；只用来让人核对。
  CAST(NULL AS nvarchar(500)) AS [visit],  -- 就诊流水号（几选一） 与“就诊”文件里的就诊流水号一致。
  CAST(NULL AS nvarchar(500)) AS [record],  -- 处方明细编号（几选一） 每行唯一（连同医嘱子序号）；不填就用“处方编号/组号/名称”。
  CAST(NULL AS nvarchar(500)) AS [sub],  -- 医嘱子序号 同组几条医嘱共用一个医嘱号时，用它区分。
  CAST(NULL AS nvarchar(500)) AS [prescription],  -- 处方编号（几选一）
  CAST(NULL AS nvarchar(500)) AS [group],  -- 医嘱组号（几选一） 同一组（如同一瓶输液）填同一个号；组内后面几行可以只填药品。
  CAST(NULL AS nvarchar(500)) AS [kind],  -- 医嘱项目类型 药品（西药、中成药、中草药）或检验、检查、治疗、护理、饮食、手术等；照本院的写法。
  CAST(NULL AS nvarchar(500)) AS [term],  -- 医嘱期效 长期或临时。长期医嘱没有停止时间、也没填状态的，算执行中。
  CAST(NULL AS nvarchar(500)) AS [medicine],  -- 药物名称（几选一）
  CAST(NULL AS nvarchar(500)) AS [code],  -- 药物代码（几选一）
  CAST(NULL AS nvarchar(500)) AS [strength],  -- 药物规格
  CAST(NULL AS nvarchar(500)) AS [dose],  -- 药物使用次剂量
  CAST(NULL AS nvarchar(500)) AS [dose_unit],  -- 药物使用剂量单位
  CAST(NULL AS nvarchar(500)) AS [frequency],  -- 药物使用频次
  CAST(NULL AS nvarchar(500)) AS [route],  -- 用药途径
  CAST(NULL AS nvarchar(500)) AS [days],  -- 用药天数
  CAST(NULL AS nvarchar(500)) AS [doses],  -- 中药饮片剂数 草药共几剂（付、帖）。
  CAST(NULL AS nvarchar(500)) AS [decoction],  -- 中药饮片煎煮法 如“水煎服”；单味药的“先煎”“后下”也写这里。
  CAST(NULL AS nvarchar(500)) AS [skin_test],  -- 皮试结果 阴性、阳性、免试、续用等，照原样。
  CAST(NULL AS nvarchar(500)) AS [amount],  -- 发药数量
  CAST(NULL AS nvarchar(500)) AS [amount_unit],  -- 发药数量单位
  CAST(NULL AS datetime2) AS [ordered],  -- 开立日期时间（几选一）
  CAST(NULL AS datetime2) AS [begins],  -- 开始日期时间（几选一） 只有它、没有开立时间时，也算开立时间。
  CAST(NULL AS datetime2) AS [ended],  -- 停止日期时间
  CAST(NULL AS nvarchar(500)) AS [state],  -- 医嘱状态 执行中、已完成、停止、取消；不填算已完成（长期医嘱见“医嘱期效”）。
  CAST(NULL AS nvarchar(500)) AS [doctor],  -- 开立医师
  CAST(NULL AS nvarchar(500)) AS [performer],  -- 执行科室
  CAST(NULL AS nvarchar(500)) AS [urgency],  -- 紧急程度 普通、加急、立即；“是”算加急。
  CAST(NULL AS nvarchar(500)) AS [note],  -- 备注 随记录一起上传。
  CAST(NULL AS nvarchar(500)) AS [void],  -- 作废标志 填“是”表示这条记录作废：平台上保留并标明“录入有误”。
  CAST(NULL AS nvarchar(500)) AS [deleted]  -- 删除标志 填“是”表示从平台上删除这条记录。
WHERE 1 = 0;  -- 换成：FROM 本院的表
GO

-- 检验 (Laboratory results)
CREATE VIEW xinglin_laboratory AS
SELECT
  CAST(NULL AS nvarchar(500)) AS record_key,  -- 这一行的唯一编号（必填）
  CAST(NULL AS datetime2) AS changed_at,  -- 最后修改的时间；没有就删掉这一行
  CAST(NULL AS nvarchar(500)) AS [report],  -- 检验报告单编号（几选一） 同一张报告的各行填同一个号。
  CAST(NULL AS nvarchar(500)) AS [patient],  -- 患者编号（必填） 本院系统里这位患者的号码，各文件必须一致。
  CAST(NULL AS nvarchar(500)) AS [patient_name],  -- 患者姓名 可不填；只用来让人核对。
  CAST(NULL AS nvarchar(500)) AS [visit],  -- 就诊流水号 与“就诊”文件里的就诊流水号一致。
  CAST(NULL AS nvarchar(500)) AS [report_name],  -- 检验类别
  CAST(NULL AS nvarchar(500)) AS [specimen],  -- 标本类别
  CAST(NULL AS datetime2) AS [collected],  -- 采样日期时间（几选一）
  CAST(NULL AS datetime2) AS [reported],  -- 检验报告日期（几选一）
  CAST(NULL AS nvarchar(500)) AS [requester],  -- 申请医师
  CAST(NULL AS nvarchar(500)) AS [reporter],  -- 检验医师
  CAST(NULL AS nvarchar(500)) AS [verifier],  -- 审核医师
  CAST(NULL AS nvarchar(500)) AS [state],  -- 报告状态 已审核、初步、修改；不填算已审核。
  CAST(NULL AS nvarchar(500)) AS [record],  -- 检验结果编号（几选一） 每行唯一；不填就用“报告单编号/项目代码”。同一报告里同一项目有几行（如糖耐量）时必须填。
  CAST(NULL AS nvarchar(500)) AS [code],  -- 检验项目代码（几选一） 本院代码或 LOINC。
  CAST(NULL AS nvarchar(500)) AS [item],  -- 检验项目名称（几选一） 照原样填，星号、互认标志（HR）保留。
  CAST(NULL AS nvarchar(500)) AS [result],  -- 检验结果 数字、“<0.01”、“阴性(-)”、“1:160”都可以，照报告填。
  CAST(NULL AS nvarchar(500)) AS [unit],  -- 检验定量结果计量单位
  CAST(NULL AS nvarchar(500)) AS [range],  -- 参考范围
  CAST(NULL AS nvarchar(500)) AS [range_low],  -- 参考范围下限
  CAST(NULL AS nvarchar(500)) AS [range_high],  -- 参考范围上限
  CAST(NULL AS nvarchar(500)) AS [flag],  -- 异常标志 高、低、↑、↓、H、L、异常、危急值等，照报告填。
  CAST(NULL AS nvarchar(500)) AS [method],  -- 检验方法
  CAST(NULL AS nvarchar(500)) AS [note],  -- 备注 随记录一起上传。
  CAST(NULL AS nvarchar(500)) AS [void],  -- 作废标志 填“是”表示这条记录作废：平台上保留并标明“录入有误”。
  CAST(NULL AS nvarchar(500)) AS [deleted]  -- 删除标志 填“是”表示从平台上删除这条记录。
WHERE 1 = 0;  -- 换成：FROM 本院的表
GO

-- 检查报告 (Examination reports)
CREATE VIEW xinglin_examination AS
SELECT
  CAST(NULL AS nvarchar(500)) AS record_key,  -- 这一行的唯一编号（必填）
  CAST(NULL AS datetime2) AS changed_at,  -- 最后修改的时间；没有就删掉这一行
  CAST(NULL AS nvarchar(500)) AS [report],  -- 检查报告单编号（必填）
  CAST(NULL AS nvarchar(500)) AS [patient],  -- 患者编号（必填） 本院系统里这位患者的号码，各文件必须一致。
  CAST(NULL AS nvarchar(500)) AS [patient_name],  -- 患者姓名 可不填；只用来让人核对。
  CAST(NULL AS nvarchar(500)) AS [visit],  -- 就诊流水号 与“就诊”文件里的就诊流水号一致。
  CAST(NULL AS nvarchar(500)) AS [kind],  -- 检查类别
  CAST(NULL AS nvarchar(500)) AS [code],  -- 检查项目代码
  CAST(NULL AS nvarchar(500)) AS [item],  -- 检查项目名称（必填）
  CAST(NULL AS nvarchar(500)) AS [part],  -- 检查部位
  CAST(NULL AS nvarchar(max)) AS [findings],  -- 检查报告结果-客观所见（几选一）
  CAST(NULL AS nvarchar(max)) AS [conclusion],  -- 检查报告结果-主观提示（几选一）
  CAST(NULL AS datetime2) AS [collected],  -- 检查日期时间（几选一）
  CAST(NULL AS datetime2) AS [reported],  -- 检查报告日期（几选一）
  CAST(NULL AS nvarchar(500)) AS [reporter],  -- 报告医师
  CAST(NULL AS nvarchar(500)) AS [verifier],  -- 审核医师
  CAST(NULL AS nvarchar(500)) AS [requester],  -- 申请医师
  CAST(NULL AS nvarchar(500)) AS [state],  -- 报告状态 已审核、初步、修改；不填算已审核。
  CAST(NULL AS nvarchar(500)) AS [void],  -- 作废标志 填“是”表示这条记录作废：平台上保留并标明“录入有误”。
  CAST(NULL AS nvarchar(500)) AS [deleted]  -- 删除标志 填“是”表示从平台上删除这条记录。
WHERE 1 = 0;  -- 换成：FROM 本院的表
GO

-- 文书 (Documents)
CREATE VIEW xinglin_document AS
SELECT
  CAST(NULL AS nvarchar(500)) AS record_key,  -- 这一行的唯一编号（必填）
  CAST(NULL AS datetime2) AS changed_at,  -- 最后修改的时间；没有就删掉这一行
  CAST(NULL AS nvarchar(500)) AS [record],  -- 文书编号（必填）
  CAST(NULL AS nvarchar(500)) AS [patient],  -- 患者编号（必填） 本院系统里这位患者的号码，各文件必须一致。
  CAST(NULL AS nvarchar(500)) AS [patient_name],  -- 患者姓名 可不填；只用来让人核对。
  CAST(NULL AS nvarchar(500)) AS [visit],  -- 就诊流水号 与“就诊”文件里的就诊流水号一致。
  CAST(NULL AS nvarchar(500)) AS [code],  -- 文书类别代码
  CAST(NULL AS nvarchar(500)) AS [kind],  -- 文书类别（必填）
  CAST(NULL AS nvarchar(500)) AS [title],  -- 文书标题
  CAST(NULL AS nvarchar(500)) AS [file],  -- 文件名（必填） 与表格放在同一个文件夹（或它的子文件夹）里的文件。
  CAST(NULL AS datetime2) AS [written],  -- 书写日期时间（必填）
  CAST(NULL AS nvarchar(500)) AS [doctor],  -- 书写医师
  CAST(NULL AS nvarchar(500)) AS [void],  -- 作废标志 填“是”表示这条记录作废：平台上保留并标明“录入有误”。
  CAST(NULL AS nvarchar(500)) AS [deleted]  -- 删除标志 填“是”表示从平台上删除这条记录。
WHERE 1 = 0;  -- 换成：FROM 本院的表
GO

-- 过敏 (Allergies)
CREATE VIEW xinglin_allergy AS
SELECT
  CAST(NULL AS nvarchar(500)) AS record_key,  -- 这一行的唯一编号（必填）
  CAST(NULL AS datetime2) AS changed_at,  -- 最后修改的时间；没有就删掉这一行
  CAST(NULL AS nvarchar(500)) AS [patient],  -- 患者编号（必填） 本院系统里这位患者的号码，各文件必须一致。
  CAST(NULL AS nvarchar(500)) AS [patient_name],  -- 患者姓名 可不填；只用来让人核对。
  CAST(NULL AS nvarchar(500)) AS [visit],  -- 就诊流水号 与“就诊”文件里的就诊流水号一致。
  CAST(NULL AS nvarchar(500)) AS [record],  -- 过敏记录编号 每行唯一；不填就用“患者编号/过敏原”。
  CAST(NULL AS nvarchar(500)) AS [allergen],  -- 过敏原（必填） 问过、没有过敏的，填“无”，不要留空。
  CAST(NULL AS nvarchar(500)) AS [code],  -- 过敏原代码
  CAST(NULL AS nvarchar(500)) AS [kind],  -- 过敏类别
  CAST(NULL AS nvarchar(500)) AS [reaction],  -- 过敏症状
  CAST(NULL AS nvarchar(500)) AS [severity],  -- 严重程度
  CAST(NULL AS nvarchar(500)) AS [certain],  -- 确认状态
  CAST(NULL AS datetime2) AS [recorded],  -- 记录日期
  CAST(NULL AS nvarchar(500)) AS [doctor],  -- 记录医师
  CAST(NULL AS nvarchar(500)) AS [note],  -- 备注 随记录一起上传。
  CAST(NULL AS nvarchar(500)) AS [void],  -- 作废标志 填“是”表示这条记录作废：平台上保留并标明“录入有误”。
  CAST(NULL AS nvarchar(500)) AS [deleted]  -- 删除标志 填“是”表示从平台上删除这条记录。
WHERE 1 = 0;  -- 换成：FROM 本院的表
GO

-- 接种 (Vaccinations)
CREATE VIEW xinglin_vaccination AS
SELECT
  CAST(NULL AS nvarchar(500)) AS record_key,  -- 这一行的唯一编号（必填）
  CAST(NULL AS datetime2) AS changed_at,  -- 最后修改的时间；没有就删掉这一行
  CAST(NULL AS nvarchar(500)) AS [patient],  -- 患者编号（必填） 本院系统里这位患者的号码，各文件必须一致。
  CAST(NULL AS nvarchar(500)) AS [patient_name],  -- 患者姓名 可不填；只用来让人核对。
  CAST(NULL AS nvarchar(500)) AS [record],  -- 接种记录编号 每行唯一；不填就用“患者编号/疫苗/日期”。
  CAST(NULL AS nvarchar(500)) AS [vaccine],  -- 疫苗名称（几选一）
  CAST(NULL AS nvarchar(500)) AS [code],  -- 疫苗代码（几选一）
  CAST(NULL AS datetime2) AS [given],  -- 接种日期（必填）
  CAST(NULL AS nvarchar(500)) AS [dose_number],  -- 接种剂次
  CAST(NULL AS nvarchar(500)) AS [lot],  -- 疫苗批号
  CAST(NULL AS nvarchar(500)) AS [manufacturer],  -- 疫苗生产厂家
  CAST(NULL AS datetime2) AS [expires],  -- 疫苗有效期
  CAST(NULL AS nvarchar(500)) AS [site],  -- 接种部位
  CAST(NULL AS nvarchar(500)) AS [route],  -- 接种途径
  CAST(NULL AS nvarchar(500)) AS [doctor],  -- 接种医师
  CAST(NULL AS nvarchar(500)) AS [place],  -- 接种单位
  CAST(NULL AS nvarchar(500)) AS [state],  -- 接种状态
  CAST(NULL AS nvarchar(500)) AS [note],  -- 备注 随记录一起上传。
  CAST(NULL AS nvarchar(500)) AS [void],  -- 作废标志 填“是”表示这条记录作废：平台上保留并标明“录入有误”。
  CAST(NULL AS nvarchar(500)) AS [deleted]  -- 删除标志 填“是”表示从平台上删除这条记录。
WHERE 1 = 0;  -- 换成：FROM 本院的表
GO

-- 只读账号 (a login that may only read)
-- CREATE LOGIN xinglin_agent WITH PASSWORD = '请换成自己的密码';
-- CREATE USER xinglin_agent FOR LOGIN xinglin_agent;
-- GRANT SELECT ON xinglin_patient TO xinglin_agent;  -- 每个视图一行
